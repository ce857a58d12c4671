"""One file per port: stores, the other services, CRM and ISMP."""
