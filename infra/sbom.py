#!/usr/bin/env python3
"""A software bill of materials (CycloneDX 1.5, JSON) of the program, from its lock file; and a check of all packages in use.

    infra/sbom.py > sbom.json
    infra/sbom.py --check

The check fails for a package of any library here that is not restored, is not what its lock file says, has no licence that is
allowed below, is of a version that is not, or was found vulnerable by NuGet's audit of the last restore. It asks nobody: run
`dotnet restore` before it.
"""
import base64
import json
import os
import pathlib
import re
import sys
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLI = ROOT / "src/JobRunner.Bus.Cli"
ALLOWED = {"MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "PostgreSQL"}
# MassTransit 9 needs a paid licence, whatever its package says.
TOO_NEW = {"masstransit": 9, "masstransit.abstractions": 9, "masstransit.rabbitmq": 9}
FOLDERS = [
    pathlib.Path(folder)
    for folder in [os.environ.get("NUGET_PACKAGES") or pathlib.Path.home() / ".nuget/packages", *os.environ.get("NUGET_FALLBACK_PACKAGES", "").split(";")]
    if folder
]


def version():
    props = xml.etree.ElementTree.parse(ROOT / "Directory.Build.props").getroot()
    return next(node.text for node in props.iter("Version"))


def locked(project):
    """Name to package of a project's lock file; projects are in it too."""
    return json.loads((project / "packages.lock.json").read_text())["dependencies"]["net10.0"]


def folder_of(name, package):
    """Where a package was restored to; none when it was not."""
    paths = (folder / name.lower() / package["resolved"].lower() for folder in FOLDERS)
    return next((path for path in paths if path.is_dir()), None)


def licence_of(name, package):
    """The licence in SPDX's words; none when the package does not say it so."""
    folder = folder_of(name, package)
    if folder is None:
        return None
    specification = xml.etree.ElementTree.parse(folder / f"{name.lower()}.nuspec").getroot()
    licences = [node for node in specification.iter() if node.tag.endswith("}license") or node.tag == "license"]
    return next((node.text.strip() for node in licences if node.get("type") == "expression"), None)


def allows(licence):
    """Whether an SPDX expression leaves a choice that is allowed. Brackets are in none of ours: they are not."""
    return any(all(term.strip() in ALLOWED for term in choice.split(" AND ")) for choice in licence.split(" OR "))


def wrong_with(name, package):
    """What is wrong with a package; nothing for most."""
    folder = folder_of(name, package)
    if folder is None:
        yield "is not restored: run dotnet restore"
        return
    metadata = json.loads((folder / ".nupkg.metadata").read_text())
    if metadata["contentHash"] != package["contentHash"]:
        yield "is not the package that the lock file names"
    licence = licence_of(name, package)
    if licence is None:
        yield "does not say its licence"
    elif not allows(licence):
        yield f"has the licence {licence}, which is not among {', '.join(sorted(ALLOWED))}"
    if int(package["resolved"].split(".")[0]) >= TOO_NEW.get(name.lower(), sys.maxsize):
        yield f"is too new: below {TOO_NEW[name.lower()]} only"


def audit(project):
    """What NuGet's audit told of a project at its last restore: codes and messages."""
    assets = project / "obj/project.assets.json"
    logs = json.loads(assets.read_text()).get("logs", []) if assets.exists() else []
    return [(log["code"], log["message"]) for log in logs if re.fullmatch("NU190[0-4]", log["code"])]


def check():
    found, checked, unaudited = set(), set(), set()
    for project in sorted(path.parent for path in ROOT.glob("src/*/packages.lock.json")):
        for name, package in locked(project).items():
            if package["type"] != "Project":
                checked.add((name, package["resolved"]))
                found.update(f"{name} {package['resolved']} {problem}" for problem in wrong_with(name, package))
        for code, message in audit(project):
            if code == "NU1900":
                unaudited.add(project.name)
            else:
                found.add(f"{project.name}: {code} {message}")
    for problem in sorted(found):
        print(f"sbom: {problem}", file=sys.stderr)
    note = f"; {len(unaudited)} libraries were restored without a list of vulnerabilities" if unaudited else ""
    print(f"{len(checked)} packages checked, {len(found)} problems{note}")
    return 1 if found or not checked else 0


def bill():
    packages = locked(CLI)
    by_name = {name.lower(): f"pkg:nuget/{name}@{package['resolved']}" for name, package in packages.items() if "resolved" in package}
    components, dependencies, ours = [], [], []
    for name, package in sorted(packages.items()):
        if package["type"] == "Project":
            ours += package.get("dependencies", {})
            continue
        reference = by_name[name.lower()]
        digest = base64.b64decode(package["contentHash"]).hex()
        licence = licence_of(name, package)
        components.append({
            "type": "library", "bom-ref": reference, "name": name, "version": package["resolved"], "purl": reference,
            "hashes": [{"alg": "SHA-512", "content": digest}],
            **({"licenses": [{"expression": licence}]} if licence else {}),
        })
        needs = sorted({by_name[need.lower()] for need in package.get("dependencies", {}) if need.lower() in by_name})
        dependencies.append({"ref": reference, "dependsOn": needs})
        if package["type"] == "Direct":
            ours.append(name)
    root = f"pkg:generic/jobrunner@{version()}"
    direct = sorted({by_name[name.lower()] for name in ours if name.lower() in by_name})
    print(json.dumps({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": root, "name": "jobrunner", "version": version()}},
        "components": components,
        "dependencies": [{"ref": root, "dependsOn": direct}, *dependencies],
    }, indent=2))
    return 0


if sys.argv[1:] not in ([], ["--check"]):
    sys.exit(__doc__)
sys.exit(check() if sys.argv[1:] else bill())
