# One image, four commands: those of docker-compose.yml.

locals {
  web_port   = 8000
  task_names = toset(["web", "worker", "beat", "migrate"])

  environment = merge(
    {
      ALLOWED_HOSTS         = var.domain_name
      SITE_URL              = "https://${var.domain_name}"
      TRUSTED_PROXIES       = join(",", values(local.public_cidrs))
      ATTACHMENTS_S3_BUCKET = aws_s3_bucket.files.bucket
      ATTACHMENTS_S3_REGION = var.region
    },
    var.settings,
  )

  secrets = merge(
    {
      DATABASE_URL = aws_secretsmanager_secret_version.database_url.secret_id
      REDIS_URL    = aws_secretsmanager_secret_version.redis_url.secret_id
      SECRET_KEY   = aws_secretsmanager_secret_version.secret_key.secret_id
    },
    var.secret_arns,
  )

  # The smallest pair of sizes that Fargate has is enough for what runs once.
  task_kinds = {
    web = {
      has_pulse = false
      command   = ["gunicorn"]
      ports     = [local.web_port]
      size      = var.tasks.web
      # Longer than the balancer keeps an idle connection (balancer.tf).
      environment = { KEEPALIVE_SECONDS = "75" }
      secrets     = local.secrets
    }
    worker = {
      has_pulse   = true
      command     = ["celery", "-A", "tracker", "worker", "--without-gossip", "--without-mingle", "-l", "INFO"]
      ports       = []
      size        = var.tasks.worker
      environment = {}
      secrets     = local.secrets
    }
    beat = {
      has_pulse   = true
      command     = ["celery", "-A", "tracker", "beat", "--pidfile=", "-l", "INFO"]
      ports       = []
      size        = var.tasks.beat
      environment = {}
      secrets     = local.secrets
    }
    migrate = {
      has_pulse   = false
      command     = ["python", "manage.py", "prepare"]
      ports       = []
      size        = { cpu = 512, memory = 1024 }
      environment = { DJANGO_SUPERUSER_EMAIL = var.admin_email }
      secrets = merge(local.secrets, {
        DJANGO_SUPERUSER_PASSWORD = aws_secretsmanager_secret_version.admin_password.secret_id
      })
    }
  }
}

resource "aws_cloudwatch_log_group" "task" {
  for_each = local.task_names

  name              = "/${var.name}/${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = aws_kms_key.main.arn
}

resource "aws_ecs_task_definition" "main" {
  for_each = local.task_kinds

  family                   = "${var.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = each.value.size.cpu
  memory                   = each.value.size.memory
  execution_role_arn       = aws_iam_role.execution[each.key].arn
  task_role_arn            = aws_iam_role.task[each.key].arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  # Empty folders that live as long as the task. They take owner and mode from the image, which declares both as volumes.
  volume {
    name = "tmp"
  }

  volume {
    name = "media"
  }

  container_definitions = jsonencode([{
    name                   = each.key
    image                  = "${aws_ecr_repository.main.repository_url}:${var.image_tag}"
    command                = each.value.command
    essential              = true
    user                   = "10001:10001"
    readonlyRootFilesystem = true
    stopTimeout            = 30
    portMappings           = [for port in each.value.ports : { containerPort = port, hostPort = port, protocol = "tcp" }]
    environment            = [for name, value in merge(local.environment, each.value.environment) : { name = name, value = value }]
    secrets                = [for name, arn in each.value.secrets : { name = name, valueFrom = arn }]
    linuxParameters        = { initProcessEnabled = true, capabilities = { add = [], drop = ["ALL"] } }

    mountPoints = [
      { sourceVolume = "tmp", containerPath = "/tmp", readOnly = false },
      { sourceVolume = "media", containerPath = "/srv/media", readOnly = false },
    ]

    # The balancer asks web. Worker and beat touch a file while they work: neither database nor Valkey, whose absence
    # they live through.
    healthCheck = each.value.has_pulse ? {
      command     = ["CMD", "python", "-I", "tracker/healthcheck.py", each.key]
      interval    = 30
      timeout     = 5
      retries     = 3
      startPeriod = 60
    } : null

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.task[each.key].name
        awslogs-region        = var.region
        awslogs-stream-prefix = each.key
        mode                  = "non-blocking"
        max-buffer-size       = "4m"
      }
    }
  }])
}
