# Terraform makes the services; deploy.sh moves them to new releases, migrations first. Hence the ignored changes.

resource "aws_ecs_cluster" "main" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_service" "main" {
  for_each = { for kind, size in var.tasks : kind => size }

  name                              = each.key
  cluster                           = aws_ecs_cluster.main.id
  task_definition                   = aws_ecs_task_definition.main[each.key].arn
  desired_count                     = each.value.min
  launch_type                       = "FARGATE"
  propagate_tags                    = "SERVICE"
  enable_execute_command            = false
  health_check_grace_period_seconds = each.key == "web" ? 60 : null
  # New ones first. Two beats side by side do no harm: one of them leads.
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = [for subnet in aws_subnet.tasks : subnet.id]
    security_groups  = [aws_security_group.task[each.key].id]
    assign_public_ip = false
  }

  dynamic "load_balancer" {
    for_each = each.key == "web" ? [local.web_port] : []

    content {
      target_group_arn = aws_lb_target_group.web.arn
      container_name   = "web"
      container_port   = load_balancer.value
    }
  }

  lifecycle {
    ignore_changes = [task_definition, desired_count]
  }

  depends_on = [aws_lb_listener.https, aws_iam_role_policy.execution, aws_iam_role_policy.files]
}
