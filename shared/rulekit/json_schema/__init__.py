"""The rule language as JSON Schema (draft 2020-12), so that editors complete facts, operators and values.

Made from the vocabulary and from the tables the readers themselves go by; `schemas.schemas_of` returns all of them.
What no schema can say (orders that differ, cycles, `between` with its ends the right way round, places in words, lines
of four hundred decimals) the readers say: whatever the schema refuses they refuse, but not the other way round.
"""
