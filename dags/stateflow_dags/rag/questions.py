"""Hamilton module: questions over the standard library's documentation, with the known modules."""

from stateflow_dags.rag.model import Question

CONVERSATION = (
    "How do I keep a sorted list sorted when I insert an item?",
    "How do I copy a whole directory tree?",
    "And how do I delete it again?",
)
"""Three questions of one conversation; the last makes sense only with the memory of the second."""

_QUESTIONS = (
    ("How do I parse a date string into a datetime?", "datetime"),
    ("How do I remove a directory tree?", "shutil"),
    ("How do I read a CSV file into dictionaries?", "csv"),
    ("How can I run another program and capture its output?", "subprocess"),
    ("How do I count how often each word occurs in a list?", "collections"),
    ("How do I compute the median of a list of numbers?", "statistics"),
    ("How do I cache the results of a function?", "functools"),
    ("How do I get the Cartesian product of two lists?", "itertools"),
    ("How do I keep a sorted list sorted when I insert an item?", "bisect"),
    ("How do I get the smallest n items of a large collection?", "heapq"),
    ("How do I create a temporary directory that is deleted afterwards?", "tempfile"),
    ("How do I find all files that match a pattern like *.txt?", "glob"),
    ("How do I convert a Python object to a JSON string?", "json"),
    ("How do I generate a secure random token for a password reset link?", "secrets"),
    ("How do I encode bytes as base64?", "base64"),
    ("How do I compute the SHA-256 hash of some data?", "hashlib"),
    ("How do I replace text with a regular expression?", "re"),
    ("How do I parse command line arguments?", "argparse"),
    ("How do I send an email through an SMTP server?", "smtplib"),
    ("How do I run a function in a pool of threads?", "concurrent.futures"),
)


def questions() -> list[Question]:
    """Twenty questions a user of Python may ask, each with the module that answers it."""
    return [Question(text=text, sources=(source,)) for text, source in _QUESTIONS]
