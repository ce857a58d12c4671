"""campaigns: cases, phases, cells, treatments, inbound advice, fulfilment, evaluation."""
