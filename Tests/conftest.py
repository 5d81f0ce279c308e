"""The plugin must be named in the outermost conftest.py, and is then known whichever tests are asked for."""

pytest_plugins = ["verdict"]
