"""The failures of this program. The message says what failed, where, and what to do."""


class Failure(Exception):
    """Ends the program with exit code 1. The user sees only its message."""
