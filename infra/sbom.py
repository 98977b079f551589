#!/usr/bin/env python3
"""Writes a software bill of materials (CycloneDX 1.5, JSON) of the program, from its lock file, to standard output.

    infra/sbom.py > sbom.json
"""
import base64
import json
import pathlib
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLI = ROOT / "src/JobRunner.Bus.Cli"


def version():
    props = xml.etree.ElementTree.parse(ROOT / "Directory.Build.props").getroot()
    return next(node.text for node in props.iter("Version"))


def main():
    packages = json.loads((CLI / "packages.lock.json").read_text())["dependencies"]["net10.0"]
    by_name = {name.lower(): f"pkg:nuget/{name}@{package['resolved']}" for name, package in packages.items() if "resolved" in package}
    components, dependencies, ours = [], [], []
    for name, package in sorted(packages.items()):
        if package["type"] == "Project":
            ours += package.get("dependencies", {})
            continue
        reference = by_name[name.lower()]
        digest = base64.b64decode(package["contentHash"]).hex()
        components.append({
            "type": "library", "bom-ref": reference, "name": name, "version": package["resolved"], "purl": reference,
            "hashes": [{"alg": "SHA-512", "content": digest}],
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


main()
