"""The platforms' files -> their faults, by what each platform's own Python package knows of its API; exit status 1 when there are any."""

import importlib
import json
import sys
import typing
from collections.abc import Iterator
from pathlib import Path

import googleapiclient.discovery_cache
import jsonschema
import yaml
from azure.mgmt.appcontainers import models as azure

HERE = Path(__file__).parent


def main() -> None:
    checks = {"cloud-run.yaml": check_cloud_run, "azure-container-apps.yaml": check_azure, "modal_app.py": check_modal}
    faults = [f"{file}: {fault}" for file, check in checks.items() for fault in check(HERE / file)]
    for fault in faults:
        print(f"fault: {fault}")
    print(f"{', '.join(checks)}: {len(faults)} faults")
    sys.exit(1 if faults else 0)


def check_cloud_run(path: Path) -> Iterator[str]:
    """Against the schemas of Cloud Run's Admin API (v1), as Google's client brings them along."""
    documents = Path(googleapiclient.discovery_cache.__file__).parent / "documents"
    schemas = json.loads((documents / "run.v1.json").read_text())["schemas"]
    schema = {"$defs": {name: to_json_schema(body) for name, body in schemas.items()}, "$ref": "#/$defs/Service"}
    for error in jsonschema.Draft202012Validator(schema).iter_errors(yaml.safe_load(path.read_text())):
        yield f"{'.'.join(map(str, error.absolute_path))}: {error.message}"


def to_json_schema(body: dict) -> dict:
    """Google's form names other schemas without a path; a property that is not named is a fault."""
    schema = {key: body[key] for key in ("type", "enum") if key in body and body[key] != "any"}
    if "$ref" in body:
        schema["$ref"] = f"#/$defs/{body['$ref']}"
    if "properties" in body:
        schema["properties"] = {name: to_json_schema(value) for name, value in body["properties"].items()}
        schema["additionalProperties"] = False
    for key in ("items", "additionalProperties"):
        if key in body:
            schema[key] = to_json_schema(body[key])
    return schema


def check_azure(path: Path) -> Iterator[str]:
    """Against the models of Azure's management client: every name must be one of the API's."""
    yield from check_model(azure.ContainerApp, yaml.safe_load(path.read_text()), "")


def check_model(model: type, value: object, where: str) -> Iterator[str]:
    module = sys.modules[model.__module__]
    hints = typing.get_type_hints(model, {**vars(module), "_models": azure})
    fields = {field._rest_name: hints.get(name) for name, field in model({})._attr_to_rest_field.items()}
    if not isinstance(value, dict):
        yield f"{where}: expected an object, got {value!r}"
        return
    for name, inner in value.items():
        if name not in fields:
            yield f"{where}.{name}: not one of {', '.join(sorted(fields))}"
            continue
        for kind in models_of(fields[name]):
            for item in inner if isinstance(inner, list) else [inner]:
                yield from check_model(kind, item, f"{where}.{name}")


def models_of(hint: object) -> list[type]:
    """The model in a type such as Optional[list[Container]]."""
    inner = [model for argument in typing.get_args(hint) for model in models_of(argument)]
    return inner or ([hint] if isinstance(hint, type) and hint.__module__.startswith(azure.__name__) and hasattr(hint, "as_dict") else [])


def check_modal(path: Path) -> Iterator[str]:
    """Imports it: modal's decorators refuse words they do not know."""
    try:
        sys.path.insert(0, str(path.parent))
        importlib.import_module(path.stem)
    except Exception as error:  # whatever it is, it is the finding
        yield repr(error)


main()
