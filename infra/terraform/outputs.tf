output "address" {
  description = "Where Tracker is once domain_name points to balancer."
  value       = "https://${var.domain_name}"
}

output "balancer" {
  description = "What domain_name must be an alias or CNAME of."
  value       = aws_lb.main.dns_name
}

output "repository" {
  description = "Where images are pushed."
  value       = aws_ecr_repository.main.repository_url
}

output "cluster" {
  description = "The ECS cluster; deploy.sh wants it."
  value       = aws_ecs_cluster.main.name
}

output "migrate_network" {
  description = "Where the migration runs; deploy.sh wants it."
  value = jsonencode({
    awsvpcConfiguration = {
      subnets        = [for subnet in aws_subnet.tasks : subnet.id]
      securityGroups = [aws_security_group.task["migrate"].id]
      assignPublicIp = "DISABLED"
    }
  })
}

output "admin_password_secret" {
  description = "Where the first admin's first password is."
  value       = aws_secretsmanager_secret.main["admin_password"].name
}

output "files_bucket" {
  description = "The bucket of attachments and reports."
  value       = aws_s3_bucket.files.bucket
}

output "deploy_role" {
  description = "The role that the pipeline takes; empty without github_repository."
  value       = one(aws_iam_role.deploy[*].arn)
}
