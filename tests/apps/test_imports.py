import ast

import pytest

from evalkit.core.bundled import bundled

SCRIPTS = sorted(bundled("apps").rglob("*.py"))
OPEN = ("evalkit.run", "evalkit.compare", "evalkit.core", "evalkit.anomaly.detection")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_pages_know_the_verbs_and_what_users_see(script):
    tree = ast.parse(script.read_text(encoding="utf-8"))
    named = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    named |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert [name for name in named if name.startswith("evalkit") and not name.startswith(OPEN)] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_raw_html(script):
    text = script.read_text(encoding="utf-8")
    assert "unsafe_allow" not in text
    assert "st.html" not in text
