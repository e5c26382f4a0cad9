"""What tests/load/run is made of: the machine, the ground (PostgreSQL, certificates, districts), the servers, the generator,
the figures, the report."""
