"""What `banyan rules graph` shows: `graph`: what depends on what; `forms`: as Mermaid and Graphviz."""
