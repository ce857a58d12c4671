"""The workbench: the command line `banyan`, the demo and the generated province; the only composer of services."""
