# Aurora PostgreSQL (the truth) and Valkey (a doorbell and counters; it may be wiped at any moment).

resource "aws_db_subnet_group" "main" {
  name       = var.name
  subnet_ids = [for subnet in aws_subnet.data : subnet.id]
}

resource "aws_rds_cluster_parameter_group" "main" {
  name_prefix = "${var.name}-"
  family      = "aurora-postgresql${split(".", var.database_version)[0]}"
  description = "Encrypted connections only."

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_rds_cluster" "main" {
  cluster_identifier          = var.name
  engine                      = "aurora-postgresql"
  engine_version              = var.database_version
  allow_major_version_upgrade = false
  database_name               = "tracker"
  master_username             = "tracker"
  # Read back from Secrets Manager, so that both always hold the same; neither stands in the state.
  master_password_wo         = ephemeral.aws_secretsmanager_secret_version.database_password.secret_string
  master_password_wo_version = aws_secretsmanager_secret_version.database_password.secret_string_wo_version

  db_subnet_group_name            = aws_db_subnet_group.main.name
  vpc_security_group_ids          = [aws_security_group.database.id]
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.main.name
  enabled_cloudwatch_logs_exports = ["postgresql"]

  storage_encrypted            = true
  kms_key_id                   = aws_kms_key.main.arn
  backup_retention_period      = var.backup_days
  preferred_backup_window      = "02:00-02:30"
  preferred_maintenance_window = "sun:03:30-sun:04:30"
  copy_tags_to_snapshot        = true
  deletion_protection          = !var.is_disposable
  skip_final_snapshot          = var.is_disposable
  final_snapshot_identifier    = "${var.name}-final"

  serverlessv2_scaling_configuration {
    min_capacity = var.database_capacity.min
    max_capacity = var.database_capacity.max
  }
}

# A cluster without instances takes no connection: the first writes, the others are ready to take over.
resource "aws_rds_cluster_instance" "main" {
  count = var.database_instances

  identifier                      = "${var.name}-${count.index}"
  cluster_identifier              = aws_rds_cluster.main.id
  engine                          = aws_rds_cluster.main.engine
  engine_version                  = aws_rds_cluster.main.engine_version
  instance_class                  = "db.serverless"
  promotion_tier                  = 1
  publicly_accessible             = false
  auto_minor_version_upgrade      = true
  performance_insights_enabled    = true
  performance_insights_kms_key_id = aws_kms_key.main.arn

  # Minor versions come by themselves in the maintenance window.
  lifecycle {
    ignore_changes = [engine_version]
  }
}

resource "aws_elasticache_subnet_group" "main" {
  name       = var.name
  subnet_ids = [for subnet in aws_subnet.data : subnet.id]
}

resource "aws_elasticache_parameter_group" "main" {
  name        = "${var.name}-valkey8"
  family      = "valkey8"
  description = "A full Valkey says so; it must not drop what waits in a queue."

  parameter {
    name  = "maxmemory-policy"
    value = "noeviction"
  }
}

resource "aws_elasticache_replication_group" "main" {
  replication_group_id       = var.name
  description                = "Doorbells, rate counters and cache of ${var.name}"
  engine                     = "valkey"
  engine_version             = "8.0"
  node_type                  = var.cache_node_type
  num_cache_clusters         = 2
  automatic_failover_enabled = true
  multi_az_enabled           = true
  port                       = 6379
  parameter_group_name       = aws_elasticache_parameter_group.main.name
  subnet_group_name          = aws_elasticache_subnet_group.main.name
  security_group_ids         = [aws_security_group.cache.id]
  at_rest_encryption_enabled = true
  kms_key_id                 = aws_kms_key.main.arn
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  auth_token_wo              = ephemeral.aws_secretsmanager_secret_version.cache_password.secret_string
  auth_token_wo_version      = aws_secretsmanager_secret_version.cache_password.secret_string_wo_version
  auth_token_update_strategy = "ROTATE"
  snapshot_retention_limit   = 0
  apply_immediately          = true
}
