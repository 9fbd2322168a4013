"""What docs/oauth2.md shows works as it is shown, and what it says is proved has a test."""
import json
import re
import subprocess

from support.cli import environment_for
from support.node import PASSWORD
from support.places import E2E, ROOT

TEXT = (ROOT / "docs" / "oauth2.md").read_text()
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_every_command_of_the_page_does_what_it_says(node, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "admin-password").write_text(PASSWORD)
    script = "\n".join(SHELL.findall(TEXT))
    script = script.replace("127.0.0.1:18080", node.gateway).replace("127.0.0.1:18081", node.admin)
    done = subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=environment_for(node),
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert not [each for each in said if each.get("status", 200) != 200], said
    errors = [each["error"] for each in said if "error" in each]
    assert errors == ["authorization_pending"], done.stdout
    given = [set(each) & {"access_token", "refresh_token", "id_token"}
             for each in said if "access_token" in each]
    assert given[:4] == [{"access_token"}, {"access_token", "refresh_token", "id_token"},
                         {"access_token", "refresh_token"}, {"access_token", "refresh_token"}]
    assert re.search(r"^https://www\.example\.com/cb\?code=\S+&state=xyz&iss=http", done.stdout,
                     re.MULTILINE)


def test_every_test_that_the_page_names_is_there():
    table = TEXT.partition("## Conformance")[2]
    here = "\n".join(path.read_text() for path in E2E.glob("test_*.py"))
    named = re.findall(r"`(test_\w+|(?:flow|token|application)/\w+)`", table)
    assert len(named) > 80
    for name in named:
        folder, _, unit = name.rpartition("/")
        if folder:
            texts = [path.read_text() for path in (ROOT / "tests/unit" / folder).glob("test_*.c")]
            assert any(f"static void {unit}(" in text for text in texts), name
        else:
            assert f"def {name}(" in here or name == "test_oauth_token", name
