"""How pages look to this browser: the theme and how dense they are, in cookies, so that the first byte is right."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from werkzeug.wrappers import Request, Response


class Theme(enum.StrEnum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Density(enum.StrEnum):
    COMFORTABLE = "comfortable"
    COMPACT = "compact"


THEME_COOKIE = "counterfoil_theme"
DENSITY_COOKIE = "counterfoil_density"
_YEAR_SECONDS = 365 * 86400


@dataclass(frozen=True)
class Look:
    """What this browser chose."""

    theme: Theme = Theme.SYSTEM
    density: Density = Density.COMFORTABLE

    @property
    def scheme(self) -> str:
        """The color schemes that the page may be shown in, as a meta tag says them."""
        return "light dark" if self.theme is Theme.SYSTEM else self.theme.value


def look_of(request: Request) -> Look:
    """What the cookies say; what they cannot say counts as not chosen."""
    theme, density = request.cookies.get(THEME_COOKIE), request.cookies.get(DENSITY_COOKIE)
    return Look(
        Theme(theme) if theme in set(Theme) else Theme.SYSTEM,
        Density(density) if density in set(Density) else Density.COMFORTABLE,
    )


def keep(response: Response, *, theme: str | None, density: str | None, secure: bool) -> bool:
    """Put what was chosen into cookies for a year. False where it cannot be chosen; then nothing is kept."""
    if theme not in {None, *Theme} or density not in {None, *Density}:
        return False
    for name, value in ((THEME_COOKIE, theme), (DENSITY_COOKIE, density)):
        if value is not None:
            response.set_cookie(
                name, value, max_age=_YEAR_SECONDS, httponly=True, samesite="Lax", secure=secure, path="/"
            )
    return True
