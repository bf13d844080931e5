"""Pages from templates, in the reader's theme."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

_templates = Jinja2Templates(Path(__file__).parent / "templates")

_THEMES = ("dark", "light")


def page(request: Request, template: str, status: int = 200, /, **values: Any) -> Response:
    """Render the template; the theme is the reader's cookie, else the system's."""
    theme = request.cookies.get("theme", "")
    context = {"page": template, "theme": theme if theme in _THEMES else "auto", **values}
    return _templates.TemplateResponse(request, f"{template}.html", context, status_code=status)
