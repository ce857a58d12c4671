"""The rehearsal: a province's campaigns from audience to evaluation, on the embedded default and a steered clock."""
