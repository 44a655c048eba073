# Alarms for people. Whoever collects /metrics with Prometheus has more: infra/prometheus/alerts.yaml.

locals {
  metric_namespace = "Tracker/${var.name}"
}

resource "aws_sns_topic" "alarms" {
  name              = "${var.name}-alarms"
  kms_master_key_id = aws_kms_key.main.id
}

resource "aws_sns_topic_subscription" "alarms" {
  count = var.alarm_email == "" ? 0 : 1

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_cloudwatch_log_metric_filter" "errors" {
  for_each = aws_cloudwatch_log_group.task

  name           = "${var.name}-${each.key}-errors"
  log_group_name = each.value.name
  pattern        = "{ $.level = \"error\" || $.level = \"critical\" }"

  metric_transformation {
    name          = "Errors"
    namespace     = local.metric_namespace
    value         = "1"
    default_value = "0"
  }
}

locals {
  alarms = {
    late-work = {
      description = "Due work has waited for five minutes, and more workers have not helped."
      namespace   = local.metric_namespace, metric = "QueueAge", statistic = "Maximum", dimensions = {}
      comparison  = "GreaterThanThreshold", threshold = 300, periods = 5, missing = "ignore"
    }
    no-worker = {
      description = "No worker has told the age of its queues for five minutes: none is alive, or the database is away."
      namespace   = local.metric_namespace, metric = "QueueAge", statistic = "SampleCount", dimensions = {}
      comparison  = "LessThanThreshold", threshold = 1, periods = 5, missing = "breaching"
    }
    errors = {
      description = "More than ten errors a minute are written to the logs."
      namespace   = local.metric_namespace, metric = "Errors", statistic = "Sum", dimensions = {}
      comparison  = "GreaterThanThreshold", threshold = 10, periods = 5, missing = "notBreaching"
    }
    server-errors = {
      description = "Web answers more than ten requests a minute with 5xx."
      namespace   = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", statistic = "Sum"
      dimensions  = { LoadBalancer = aws_lb.main.arn_suffix }
      comparison  = "GreaterThanThreshold", threshold = 10, periods = 3, missing = "notBreaching"
    }
    no-web = {
      description = "No web task is healthy."
      namespace   = "AWS/ApplicationELB", metric = "HealthyHostCount", statistic = "Minimum"
      dimensions  = { LoadBalancer = aws_lb.main.arn_suffix, TargetGroup = aws_lb_target_group.web.arn_suffix }
      comparison  = "LessThanThreshold", threshold = 1, periods = 2, missing = "breaching"
    }
    database-busy = {
      description = "The database has used more than 90 % of what it may grow to for a quarter of an hour."
      namespace   = "AWS/RDS", metric = "ACUUtilization", statistic = "Average"
      dimensions  = { DBClusterIdentifier = aws_rds_cluster.main.cluster_identifier }
      comparison  = "GreaterThanThreshold", threshold = 90, periods = 15, missing = "notBreaching"
    }
    cache-full = {
      description = "Valkey is nearly full; it refuses doorbells when it is, and work then waits for the sweeps."
      namespace   = "AWS/ElastiCache", metric = "DatabaseMemoryUsagePercentage", statistic = "Maximum"
      dimensions  = { CacheClusterId = "${var.name}-001" }
      comparison  = "GreaterThanThreshold", threshold = 80, periods = 5, missing = "notBreaching"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "main" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  statistic           = each.value.statistic
  dimensions          = each.value.dimensions
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}
