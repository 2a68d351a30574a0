"""Log filter: no ID card, certificate or phone number leaves through a log line."""

import logging
import re

HIDDEN = "［号码已隐去］"
NUMBERS = re.compile(r"(?<!\d)(?:\d{15}|\d{17}[\dXx](?:\d{2}(?:[Bb]\d)?)?|1[3-9]\d{9})(?!\d)")


def without_numbers(text: str) -> str:
    """The text with what looks like an ID number or a mobile phone blanked."""
    return NUMBERS.sub(HIDDEN, text)


class NoPersonalNumbers(logging.Filter):
    """Blanks what looks like an ID number or a mobile phone in the finished message and in tracebacks."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if NUMBERS.search(message):
            record.msg, record.args = without_numbers(message), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = without_numbers(record.exc_text)
        return True
