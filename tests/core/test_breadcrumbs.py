"""The path above a page is built by two tags, and written out nowhere else."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from django.conf import settings
from django.template import Context, Template

SOURCE = (
    "{% load ui %}{% breadcrumbs %}{% crumb 'customer' pk=7 %}{{ name }}{% endcrumb %}"
    "{% crumb url='/x/' %}X{% endcrumb %}{% crumb lang='nb' %}Her{% endcrumb %}{% endbreadcrumbs %}"
)


def test_each_page_above_is_a_link_and_the_page_itself_is_marked() -> None:
    request = SimpleNamespace(environment="sandbox")

    html = Template(SOURCE).render(Context({"request": request, "name": "Bø & Sønn"}))

    assert 'aria-label="Du er her"' in html
    assert '<li><a class="ds-link" href="/sandbox/customers/7/">Bø &amp; Sønn</a></li>' in html
    assert '<li><a class="ds-link" href="/x/">X</a></li>' in html
    assert '<li><span aria-current="page" lang="nb">Her</span></li>' in html


def test_no_template_writes_the_path_by_hand() -> None:
    templates = Path(settings.BASE_DIR, "templates").rglob("*.html")

    assert [str(path) for path in templates if "ds-breadcrumbs" in path.read_text()] == []
