"""Serves ministack with our overlay in this process, until it gets TERM."""

import sys

from . import overlay


def main() -> None:
    overlay.apply()
    from ministack import app

    sys.argv = ["ministack"]
    app.main()


if __name__ == "__main__":
    main()
