"""Untrusted modules: nothing in them is executed, and nothing that they name is fetched."""

from __future__ import annotations

import json
import os
import platform
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from terraform import SETTINGS, mirror, require_terraform

from generator.check import check_module
from generator.check.hcl import read_hcl, read_json
from generator.check.providers import offline_settings

pytestmark = pytest.mark.slow

PLATFORM = f"{sys.platform}_{'arm64' if platform.machine() in ('arm64', 'aarch64') else 'amd64'}"
EVIL = Path("registry.terraform.io", "evil", "evil", "1.0.0", PLATFORM)


@pytest.fixture
def module(tmp_path):
    folder = tmp_path / "module"
    folder.mkdir()
    return folder


@pytest.fixture
def terraform(tmp_path, monkeypatch):
    """The user's configuration has the mirror of this machine."""
    require_terraform()
    settings = tmp_path / "terraformrc"
    settings.write_text(SETTINGS % mirror())
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(settings))


@pytest.fixture
def server():
    """A socket of this machine that counts who connects."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        connections = []

        def accept():
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                connections.append(connection.close())

        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1], connections
        listening.shutdown(socket.SHUT_RDWR)


def program(path, mark):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\ntouch '{mark}'\n")
    path.chmod(0o755)


def calls(source):
    return f'module "m" {{\n  source = "{source}"\n}}\n'


PROVIDER = """\
terraform {
  required_providers {
    evil = {
      source = "evil/evil"
    }
  }
}

resource "evil_thing" "a" {}
"""
PROVISIONER = 'resource "terraform_data" "a" {\n  provisioner "evil" {}\n}\n'
PLACES = {
    "vendored-provider": (
        PROVIDER,
        "terraform.d/plugins" / EVIL / "terraform-provider-evil_v1.0.0",
    ),
    "installed-provider": (PROVIDER, ".terraform/providers" / EVIL / "terraform-provider-evil"),
    "provisioner": (PROVISIONER, Path("terraform-provisioner-evil")),
    "vendored-provisioner": (PROVISIONER, Path("terraform.d/plugins/terraform-provisioner-evil")),
}


@pytest.mark.skipif(sys.platform == "win32", reason="a script stands in for a program")
@pytest.mark.usefixtures("terraform")
@pytest.mark.parametrize(
    "users_own",
    [
        pytest.param(True, id="configured"),
        pytest.param(False, id="no-configuration", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize(("text", "place"), PLACES.values(), ids=PLACES)
def test_untrusted_programs_are_not_started(
    module, tmp_path, monkeypatch, proof, text, place, users_own
):
    mark = tmp_path / "started"
    (module / "main.tf").write_text(text)
    program(module / place, mark)
    (module / ".terraformrc").write_text(SETTINGS % (module / "terraform.d" / "plugins"))
    if not users_own:
        monkeypatch.delenv("TF_CLI_CONFIG_FILE")
        monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(module)
    check = check_module(Path())
    assert check.skipped or check.findings, "it is missing"
    assert not mark.exists()
    proof("programs of untrusted modules offered to Terraform", 1)
    proof("programs started by untrusted input", mark.exists())


FETCHED = {
    "http": calls("http://127.0.0.1:%d/m.zip"),
    "git": calls("git::http://127.0.0.1:%d/m"),
    "registry": calls("127.0.0.1:%d/name/system/provider"),
    "on-one-line": 'module "m" { source = "git::http://127.0.0.1:%d/m" }\n',
    "commented": 'module "m" /* { */ {\n  # source = "./x"\n' + calls("http://127.0.0.1:%d/m")[13:],
    "escaped": calls("git::http://127.0.0.1:%d/\\u006d"),
    "provider": 'terraform {\n  required_providers {\n    evil = { source = "127.0.0.1:%d/e/x" }\n'
    '  }\n}\n\nresource "evil_x" "a" {}\n',
    "backend": 'terraform {\n  backend "http" {\n    address = "http://127.0.0.1:%d/"\n  }\n}\n',
    "cloud": 'terraform {\n  cloud {\n    hostname = "127.0.0.1:%d"\n    organization = "evil"\n'
    '    workspaces {\n      name = "a"\n    }\n  }\n}\n',
    "data-source": 'data "http" "a" {\n  url = "http://127.0.0.1:%d/"\n}\n',
}


OFTEN = {"git", "registry", "provider", "backend"}  # one a kind in the default run


@pytest.mark.usefixtures("terraform")
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(text, id=name, marks=() if name in OFTEN else pytest.mark.slow)
        for name, text in FETCHED.items()
    ],
)
def test_untrusted_modules_make_no_connection(module, server, proof, text):
    port, connections = server
    (module / "main.tf").write_text(text % port)
    check_module(module)
    assert not connections
    proof("addresses of untrusted modules offered to Terraform", 1)
    proof("connections made by untrusted input", len(connections))


@pytest.mark.usefixtures("terraform")
def test_untrusted_modules_called_by_a_local_one_make_no_connection(module, server):
    port, connections = server
    (module / "main.tf").write_text(calls("./inner"))
    (module / "inner").mkdir()
    (module / "inner" / "main.tf.json").write_text(
        json.dumps({"module": {"m": {"source": f"http://127.0.0.1:{port}/m"}}})
    )
    check = check_module(module)
    assert f"not validated: remote module http://127.0.0.1:{port}/m" in check.skipped
    assert not connections


@pytest.mark.usefixtures("terraform")
def test_modules_are_fetched_if_the_user_says_so(module, server):
    port, connections = server
    (module / "main.tf").write_text(calls(f"http://127.0.0.1:{port}/m.zip"))
    check_module(module, download=True)
    assert connections


@pytest.mark.usefixtures("terraform")
def test_remote_modules_are_named(module):
    (module / "main.tf").write_text(calls("terraform-aws-modules/vpc/aws"))
    check = check_module(module)
    assert check.findings == ()
    assert check.skipped == (
        "not validated: remote module terraform-aws-modules/vpc/aws "
        "(--download lets Terraform fetch what is missing)"
    )


@pytest.mark.usefixtures("terraform")
@pytest.mark.parametrize("source", ["../beside/it", "./inner"])
def test_local_modules_are_followed_wherever_they_are(module, source):
    called = module / source
    called.mkdir(parents=True)
    (called / "main.tf").write_text('variable "a" {\n  type = string\n}\n')
    (module / "main.tf").write_text(calls(source))
    [finding] = check_module(module).findings
    assert (Path(finding.file).name, finding.line) == ("main.tf", 1)
    assert finding.message.startswith("Missing required argument")


WRONG = {
    "no-folder": ('module "m": ../nowhere is not a folder', calls("../nowhere"), None),
    "itself": ('module "m": the module calls itself', calls("../module"), None),
    "link-out": ("a symbolic link leads to", calls("./link"), "link"),
    "file-link-out": ("not validated: a symbolic link leads to", "", "other.tf"),
    "link-to-itself": ("not validated: cannot be read", "", "loop.tf"),
    "fifo": ("not validated: is a FIFO, not a regular file", "", "pipe.tf"),
    "huge": ("not validated: is larger than 4 MiB", "", "huge.tf"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="links and FIFOs")
@pytest.mark.usefixtures("terraform")
@pytest.mark.parametrize(("sentence", "text", "name"), WRONG.values(), ids=WRONG)
def test_what_is_not_copied_is_a_finding(module, tmp_path, sentence, text, name):
    (module / "main.tf").write_text(text)
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "main.tf").write_text("")
    if name == "link":
        (module / name).symlink_to(tmp_path / "secret")
    elif name == "other.tf":
        (module / name).symlink_to(tmp_path / "secret" / "main.tf")
    elif name == "loop.tf":
        (module / name).symlink_to(name)
    elif name == "pipe.tf":
        os.mkfifo(module / name)
    elif name:
        (module / name).write_bytes(b"#" * (4 << 20) + b"#")
    findings = check_module(module).findings
    assert any(sentence in finding.message for finding in findings), findings


@pytest.mark.usefixtures("terraform")
def test_links_within_a_repository_are_followed(module, tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "shared.tf").write_text('variable "a" {\n  type = string\n}\n')
    (module / "shared.tf").symlink_to("../shared.tf")
    assert check_module(module) == (str(module), (), None)


@pytest.mark.usefixtures("terraform")
def test_files_that_are_not_copied_are_no_errors_of_the_module(module):
    (module / "templates").mkdir()
    (module / "templates" / "a.tftpl").write_text("x")
    (module / "user_data.sh").write_text("x")
    (module / "main.tf").write_text(
        'output "a" {\n  value = templatefile("${path.module}/templates/a.tftpl", {})\n}\n\n'
        'output "b" {\n  value = file("${path.module}/user_data.sh")\n}\n\n'
        'output "c" {\n  value = file("${path.module}/nowhere.sh")\n}\n'
    )
    check = check_module(module)
    assert [finding.line for finding in check.findings] == [10]
    assert check.skipped == "not validated: it reads ./user_data.sh, which is not copied"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
@pytest.mark.usefixtures("terraform")
@pytest.mark.parametrize("file", ["/proc/self/environ", "~/.secret"])
def test_secrets_of_the_user_do_not_get_into_messages(module, tmp_path, monkeypatch, file):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".secret").write_text("hush")
    function = f'tonumber(file(pathexpand("{file}")))'
    (module / "main.tf").write_text(f'output "a" {{\n  value = {function}\n}}\n')
    [finding] = check_module(module).findings
    assert "hush" not in finding.message


LEAKS = {
    "called": ("main.tf", 'output "a" {\n  value = tonumber(file("%s"))\n}\n'),
    "commented": ("main.tf", 'output "a" {\n  value = tonumber(file /* */ ("%s"))\n}\n'),
    "listed": (
        "main.tf",
        'output "a" {\n  value = [for f in fileset("%s/..", "sec*") : tonumber(file("%s"))]\n}\n',
    ),
    "template": ("main.tf", 'output "a" {\n  value = tonumber(templatefile("%s", {}))\n}\n'),
    "rendered": (
        "main.tf",
        'locals {\n  a = "$${fil${"e"}(\\"%s\\")}"\n}\n\n'
        'output "a" {\n  value = tonumber(templatestring(local.a, {}))\n}\n',
    ),
    "json": ("main.tf.json", '{"output": {"a": {"value": "${tonumber(file(\\"%s\\"))}"}}}'),
    "escaped": (
        "main.tf.json",
        '{"output": {"a": {"value": "${tonumber(f\\u0069le(\\"%s\\"))}"}}}',
    ),
}


@pytest.mark.usefixtures("terraform")
@pytest.mark.parametrize(("name", "text"), LEAKS.values(), ids=LEAKS)
def test_files_of_the_user_do_not_get_into_messages(module, tmp_path, name, text):
    secret = tmp_path / "secret"
    secret.write_text("hush")
    (module / name).write_text(text.replace("%s", str(secret)))
    [finding] = check_module(module).findings
    assert "hush" not in finding.message
    assert finding.message.endswith(
        ": (details are left out, because they may quote a file that the module reads)"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
@pytest.mark.usefixtures("terraform")
def test_environments_of_other_processes_do_not_get_into_messages(module):
    """As our own, which Terraform does not get, but which starts it."""
    command = [sys.executable, "-c", "input()"]
    environment = {"SECRET": "hush"}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE) as process:
        (module / "main.tf").write_text(
            f'output "a" {{\n  value = tonumber(file("/proc/{process.pid}/environ"))\n}}\n'
        )
        [finding] = check_module(module).findings
        process.communicate(b"\n")
    assert "hush" not in finding.message


@pytest.mark.usefixtures("terraform")
def test_a_module_that_reads_without_end_is_ended(module, monkeypatch):
    monkeypatch.setattr("generator.check.terraform.SECONDS", 2)
    monkeypatch.setattr("generator.check.terraform.MEMORY", 1 << 30)  # which is filled sooner
    (module / "main.tf").write_text('output "a" {\n  value = file("/dev/zero")\n}\n')
    [finding] = check_module(module).findings
    assert "took more than 2 seconds" in finding.message or "memory" in finding.message


# The CLI configuration without a registry.


def settings(environment, empty=Path("/empty")):
    found = json.loads(offline_settings(environment, empty))
    return found["provider_installation"]["filesystem_mirror"]


def test_the_users_mirrors_and_caches_are_kept_and_nothing_else(tmp_path):
    for name in ("mirror", "cache"):
        (tmp_path / name).mkdir()
    (tmp_path / "rc").write_text(
        f'plugin_cache_dir = "{tmp_path}/cache"\n'
        "provider_installation {\n"
        '  network_mirror { url = "https://example.com/" }\n'
        f'  filesystem_mirror {{\n    path    = "{tmp_path}/mirror"\n'
        '    include = ["example.com/*/*", "a/b"]\n  }\n'
        '  filesystem_mirror { path = "relative" }\n'
        "  direct {}\n}\n"
    )
    assert settings({"TF_CLI_CONFIG_FILE": str(tmp_path / "rc")}) == [
        {"path": str(tmp_path / "mirror"), "include": ["example.com/*/*", "a/b"]},
        {"path": str(tmp_path / "cache")},
        {"path": "/empty"},
    ]


def test_a_configuration_in_json_is_read_too(tmp_path):
    mirrors = {"provider_installation": {"filesystem_mirror": {"path": str(tmp_path)}}}
    (tmp_path / "rc").write_text(json.dumps(mirrors))
    found = settings({"TF_CLI_CONFIG_FILE": str(tmp_path / "rc")})
    assert found == [{"path": str(tmp_path)}, {"path": "/empty"}]


@pytest.mark.skipif(sys.platform != "linux", reason="each system has folders of its own")
def test_implied_mirrors_are_those_outside_the_module(tmp_path):
    plugins = tmp_path / ".terraform.d" / "plugins"
    plugins.mkdir(parents=True)
    environment = {"HOME": str(tmp_path), "XDG_DATA_DIRS": "/nowhere"}
    assert settings(environment) == [{"path": str(plugins)}, {"path": "/empty"}]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('module "m" {\n  source = "./x"\n}\n', id="plain"),
        pytest.param('module m { source = "./x" }', id="on-one-line"),
        pytest.param('/* module "n" { */ module "m" {\n source = "./x" # }\n}', id="comments"),
        pytest.param('locals {\n  a = "}${f({ b = "{" })}"\n}\nmodule "m" {\n  source = "./x"\n}',
                     id="braces-in-strings"),
        pytest.param('locals {\n  a = <<-E\n    module "n" {\n  E\n}\nmodule "m" {\n'
                     '  providers = {\n    aws = aws.x\n  }\n  source = "./x"\n}', id="heredoc"),
        pytest.param('locals {\n  a = [{\n    b = "c"\n  }]\n}\nmodule "m" {\n  source = "./x"\n}',
                     id="list-of-objects"),
    ],
)  # fmt: skip
def test_blocks_are_read_from_hcl(text):
    [block] = [b for b in read_hcl(text).blocks if b.words == ("module", "m")]
    assert block.strings["source"] == ["./x"]


def test_blocks_are_read_from_json():
    [block] = read_json('{"module": [{"m": {"source": "./x", "count": 1}}]}').blocks
    assert block.blocks[0].strings == {"source": ["./x"]}
