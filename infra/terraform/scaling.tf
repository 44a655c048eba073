# Web follows its processors. Workers follow the age of the oldest piece of due work, which is what people notice: a
# worker that waits for a slow receiver uses no processor, and yet work piles up.

resource "aws_appautoscaling_target" "main" {
  for_each = { for kind in ["web", "worker"] : kind => var.tasks[kind] }

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.main.name}/${aws_ecs_service.main[each.key].name}"
  min_capacity       = each.value.min
  max_capacity       = each.value.max
}

resource "aws_appautoscaling_policy" "web" {
  name               = "${var.name}-web-cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.main["web"].service_namespace
  scalable_dimension = aws_appautoscaling_target.main["web"].scalable_dimension
  resource_id        = aws_appautoscaling_target.main["web"].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = 60
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

# A worker writes {"event": "queue_ages", "oldest_seconds": 0.4, …} once a minute (tracker.sweeps.log_queue_ages).
resource "aws_cloudwatch_log_metric_filter" "queue_age" {
  name           = "${var.name}-queue-age"
  log_group_name = aws_cloudwatch_log_group.task["worker"].name
  pattern        = "{ $.event = \"queue_ages\" }"

  metric_transformation {
    name      = "QueueAge"
    namespace = local.metric_namespace
    value     = "$.oldest_seconds"
    unit      = "Seconds"
  }
}

resource "aws_appautoscaling_policy" "worker_out" {
  name               = "${var.name}-worker-out"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.main["worker"].service_namespace
  scalable_dimension = aws_appautoscaling_target.main["worker"].scalable_dimension
  resource_id        = aws_appautoscaling_target.main["worker"].resource_id

  step_scaling_policy_configuration {
    adjustment_type         = "ChangeInCapacity"
    metric_aggregation_type = "Maximum"
    cooldown                = 120

    # Counted from the alarm's threshold of 30 seconds: one more from 30 on, two more from 120 on.
    step_adjustment {
      metric_interval_lower_bound = 0
      metric_interval_upper_bound = 90
      scaling_adjustment          = 1
    }

    step_adjustment {
      metric_interval_lower_bound = 90
      scaling_adjustment          = 2
    }
  }
}

resource "aws_appautoscaling_policy" "worker_in" {
  name               = "${var.name}-worker-in"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.main["worker"].service_namespace
  scalable_dimension = aws_appautoscaling_target.main["worker"].scalable_dimension
  resource_id        = aws_appautoscaling_target.main["worker"].resource_id

  step_scaling_policy_configuration {
    adjustment_type         = "ChangeInCapacity"
    metric_aggregation_type = "Maximum"
    cooldown                = 300

    step_adjustment {
      metric_interval_upper_bound = 0
      scaling_adjustment          = -1
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "work_waits" {
  alarm_name          = "${var.name}-work-waits"
  alarm_description   = "Due work waits for 30 seconds and longer: more workers."
  namespace           = local.metric_namespace
  metric_name         = "QueueAge"
  statistic           = "Maximum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 30
  period              = 60
  evaluation_periods  = 2
  treat_missing_data  = "ignore"
  alarm_actions       = [aws_appautoscaling_policy.worker_out.arn]
}

resource "aws_cloudwatch_metric_alarm" "work_flows" {
  alarm_name          = "${var.name}-work-flows"
  alarm_description   = "Nothing has waited for 5 seconds in a quarter of an hour: one worker less."
  namespace           = local.metric_namespace
  metric_name         = "QueueAge"
  statistic           = "Maximum"
  comparison_operator = "LessThanThreshold"
  threshold           = 5
  period              = 60
  evaluation_periods  = 15
  treat_missing_data  = "ignore"
  alarm_actions       = [aws_appautoscaling_policy.worker_in.arn]
}
