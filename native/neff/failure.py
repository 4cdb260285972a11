"""How this program fails: one sentence that says what, where and what to do."""


class Failure(Exception):
    """Exit code 1; its message is all that the user sees."""
