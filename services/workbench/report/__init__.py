"""What a rehearsal leaves behind: `report.json` for machines and recounts, `report.html` for people."""
