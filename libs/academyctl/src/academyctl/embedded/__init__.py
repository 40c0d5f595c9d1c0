"""Launch recipes of the servers a laptop runs instead of RDS, SQS and R2. Licences: deploy/EMBEDDED.md."""
