"""The languages that customers are spoken to in: texts out of gettext catalogues, amounts and dates by Babel."""

from app.languages.declined import why_declined
from app.languages.language import LANGUAGES, Language, best_language, language_of, to_say

__all__ = ["LANGUAGES", "Language", "best_language", "language_of", "to_say", "why_declined"]
