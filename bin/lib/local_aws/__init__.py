"""Local AWS: a docker engine, an AWS emulator with our overlay, and the ways from containers to it."""
