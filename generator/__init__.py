"""Documented security group rules, generated as Terraform HCL and CloudFormation YAML."""
