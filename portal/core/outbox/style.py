"""How our mails look. Mail programs read styles at the elements only."""

from __future__ import annotations

from django.utils.safestring import mark_safe

FONT = "font-family: Arial, Helvetica, sans-serif; font-size: 16px; line-height: 1.5; color: #1e2b3c"
CSS = {
    name: mark_safe(f'style="{text}"')  # noqa: S308 - constants of ours
    for name, text in {
        "page": "margin: 0; padding: 0; background: #f3f4f6",
        "cell": "padding: 24px 12px",
        "frame": "max-width: 600px",
        "card": f"background: #ffffff; padding: 24px; border-radius: 8px; {FONT}",
        "heading": f"margin: 0 0 8px; {FONT}; font-weight: bold",
        "paragraph": f"margin: 0 0 16px; {FONT}",
        "list": f"margin: 0 0 16px; padding-left: 24px; {FONT}",
        "button": "display: inline-block; background: #0062ba; color: #ffffff; padding: 12px 20px; border-radius: 4px; "
        "font-weight: bold; text-decoration: none",
        "small": "margin: 0 0 16px; font-family: Arial, Helvetica, sans-serif; font-size: 13px; color: #4b5563",
        "link": "color: #0062ba; word-break: break-all",
        "logo": "max-height: 48px; max-width: 200px; margin: 0 0 16px; border: 0",
    }.items()
}
