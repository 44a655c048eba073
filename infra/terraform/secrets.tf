# Passwords are made here, kept in Secrets Manager and nowhere else: neither the state nor a plan holds one. A task
# definition names the secret; ECS puts the value into the task's environment.

ephemeral "random_password" "database" {
  length  = 40
  special = false
}

ephemeral "random_password" "cache" {
  length  = 40
  special = false
}

ephemeral "random_password" "secret_key" {
  length  = 64
  special = false
}

ephemeral "random_password" "admin" {
  length  = 24
  special = false
}

locals {
  secret_names = {
    database_password = "The password of the database's user"
    cache_password    = "The password of Valkey"
    database_url      = "DATABASE_URL"
    redis_url         = "REDIS_URL"
    secret_key        = "SECRET_KEY"
    admin_password    = "The first password of the first admin"
  }
}

resource "aws_secretsmanager_secret" "main" {
  for_each = local.secret_names

  name                    = "${var.name}/${each.key}"
  description             = each.value
  kms_key_id              = aws_kms_key.main.arn
  recovery_window_in_days = var.is_disposable ? 0 : 7
}

resource "aws_secretsmanager_secret_version" "database_password" {
  secret_id                = aws_secretsmanager_secret.main["database_password"].id
  secret_string_wo         = ephemeral.random_password.database.result
  secret_string_wo_version = var.password_version
}

resource "aws_secretsmanager_secret_version" "cache_password" {
  secret_id                = aws_secretsmanager_secret.main["cache_password"].id
  secret_string_wo         = ephemeral.random_password.cache.result
  secret_string_wo_version = var.password_version
}

# What is stored is what counts: an apply that was cut short goes on with the same password.
ephemeral "aws_secretsmanager_secret_version" "database_password" {
  secret_id  = aws_secretsmanager_secret_version.database_password.secret_id
  version_id = aws_secretsmanager_secret_version.database_password.version_id
}

ephemeral "aws_secretsmanager_secret_version" "cache_password" {
  secret_id  = aws_secretsmanager_secret_version.cache_password.secret_id
  version_id = aws_secretsmanager_secret_version.cache_password.version_id
}

locals {
  database_password = ephemeral.aws_secretsmanager_secret_version.database_password.secret_string
  cache_password    = ephemeral.aws_secretsmanager_secret_version.cache_password.secret_string
  database_host     = aws_rds_cluster.main.endpoint
  cache_host        = aws_elasticache_replication_group.main.primary_endpoint_address
}

resource "aws_secretsmanager_secret_version" "database_url" {
  secret_id                = aws_secretsmanager_secret.main["database_url"].id
  secret_string_wo         = "postgresql://tracker:${local.database_password}@${local.database_host}:5432/tracker?sslmode=require"
  secret_string_wo_version = var.password_version
}

resource "aws_secretsmanager_secret_version" "redis_url" {
  secret_id                = aws_secretsmanager_secret.main["redis_url"].id
  secret_string_wo         = "rediss://:${local.cache_password}@${local.cache_host}:6379/0"
  secret_string_wo_version = var.password_version
}

resource "aws_secretsmanager_secret_version" "secret_key" {
  secret_id                = aws_secretsmanager_secret.main["secret_key"].id
  secret_string_wo         = ephemeral.random_password.secret_key.result
  secret_string_wo_version = var.secret_key_version
}

resource "aws_secretsmanager_secret_version" "admin_password" {
  secret_id                = aws_secretsmanager_secret.main["admin_password"].id
  secret_string_wo         = ephemeral.random_password.admin.result
  secret_string_wo_version = 1
}
