"""What the live and chaos tests stand on: a private PostgreSQL, certificates, a district, server processes."""
