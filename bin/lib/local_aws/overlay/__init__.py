"""What AWS does and the emulator does not: one addition a file, each naming the AWS page it follows."""


def apply() -> None:
    """Puts every addition in place, or raises when the emulator is not as expected."""
