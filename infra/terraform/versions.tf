terraform {
  # Write-only arguments keep passwords out of the state: Terraform has them since 1.11, Valkey's since 6.62 of aws at the
  # latest.
  required_version = ">= 1.11, < 2.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.62"
    }
    random = {
      source  = "hashicorp/random"
      version = "~> 3.7"
    }
  }

  # Where the state lies is said at `terraform init -backend-config=backend.hcl`; see README.md.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      Application = "tracker"
      Environment = var.name
      ManagedBy   = "terraform"
    }
  }
}
