"""What every Banyan service stands on; knows no service."""
