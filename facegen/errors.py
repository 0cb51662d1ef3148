"""Errors that a person can cause: one sentence each."""


class UserError(ValueError):
    """A mistake of a user's, in one sentence that names the bad value and what is accepted."""


class UsageError(UserError):
    """A mistake on the command line, in one sentence."""
