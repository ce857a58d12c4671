"""`banyan rules schema`: JSON Schemas of the rule language, for editors."""

from pathlib import Path

import click

from services.workbench.cli.console import json_option, language_option, print_json
from services.workbench.cli.rules.options import rules_folder_option

_WROTE = {"zh": "已写入 {}", "en": "wrote {}"}
_CURRENT = {"zh": "编辑器模式均为最新", "en": "all schemas are current"}
_STALE = {
    "zh": "已过时：{}；请运行 banyan rules schema --write",
    "en": "stale: {}; run banyan rules schema --write",
}


@click.command()
@click.argument("kind", required=False)
@rules_folder_option
@click.option("--write", is_flag=True, help="写入 schema/ · Write them into schema/ beside the rules")
@click.option("--check", "only_check", is_flag=True, help="检查是否最新 · Say whether they are current (the default)")
@json_option
@language_option
def schema(kind: str | None, folder: Path, *, write: bool, only_check: bool, as_json: bool, lang: str) -> None:
    """编辑器模式 · Write or check the schemas under schema/; with KIND, print one.

    KIND is segments, eligibility, conflicts, contact_policy, triggers, ranking, cases or vocabulary. Exit code 0: all
    are current, or were written; 1: some are missing or stale; 2: asked wrongly.
    """
    from services.workbench.rule_schema import schemas, stale_schemas, write_schemas

    if write and only_check:
        raise click.UsageError("--write and --check exclude each other")
    if kind is not None:
        files = schemas(folder)
        if f"{kind}.json" not in files:
            raise click.UsageError(
                f"there is no schema {kind!r}; there are {', '.join(Path(one).stem for one in files)}"
            )
        click.echo(files[f"{kind}.json"], nl=False)
        return
    changed = write_schemas(folder) if write else stale_schemas(folder)
    if as_json:
        print_json({"written" if write else "stale": changed})
    elif write:
        click.echo(_WROTE[lang].format(", ".join(changed)) if changed else _CURRENT[lang])
    else:
        click.echo(_STALE[lang].format(", ".join(changed)) if changed else _CURRENT[lang])
    raise SystemExit(int(bool(changed) and not write))
