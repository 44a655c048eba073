variable "region" {
  description = "The AWS region that everything lies in."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must look like eu-central-1."
  }
}

variable "name" {
  description = "Prefix of every name, one per installation."
  type        = string
  default     = "tracker"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 20 small letters, digits and hyphens, and begin with a letter."
  }
}

variable "domain_name" {
  description = "The host name that people type; it becomes ALLOWED_HOSTS and SITE_URL."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain_name))
    error_message = "domain_name must be a host name in small letters, such as tracker.example.com."
  }
}

variable "certificate_arn" {
  description = "The certificate for domain_name in AWS Certificate Manager, in the same region."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:acm:", var.certificate_arn))
    error_message = "certificate_arn must be the ARN of a certificate in AWS Certificate Manager."
  }
}

variable "admin_email" {
  description = "The first admin's address; the password is made and kept in Secrets Manager."
  type        = string

  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+$", var.admin_email))
    error_message = "admin_email must be an e-mail address."
  }
}

variable "image_tag" {
  description = "The release that the first tasks run; later ones come by deploy.sh. Push it to the repository first."
  type        = string
  default     = "0.1.0"

  validation {
    condition     = var.image_tag != "latest"
    error_message = "image_tag must name one release; what \"latest\" means changes under running tasks."
  }
}

variable "vpc_cidr" {
  description = "The network; a /16 is cut into /20s."
  type        = string
  default     = "10.40.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr)) && try(tonumber(split("/", var.vpc_cidr)[1]), 32) <= 20
    error_message = "vpc_cidr must be an IPv4 network of /20 or larger."
  }
}

variable "zone_count" {
  description = "In how many availability zones everything stands."
  type        = number
  default     = 2

  validation {
    condition     = contains([2, 3], var.zone_count)
    error_message = "zone_count must be 2 or 3."
  }
}

variable "nat_per_zone" {
  description = "Whether each zone has a NAT gateway of its own. With one for all, its zone's failure stops what goes out."
  type        = bool
  default     = false
}

variable "allowed_cidrs" {
  description = "Who reaches the load balancer."
  type        = list(string)
  default     = ["0.0.0.0/0"]

  validation {
    condition     = length(var.allowed_cidrs) > 0 && alltrue([for cidr in var.allowed_cidrs : can(cidrnetmask(cidr))])
    error_message = "allowed_cidrs must be IPv4 networks such as 203.0.113.0/24."
  }
}

variable "database_version" {
  description = "Aurora PostgreSQL, 15 or newer; `aws rds describe-db-engine-versions` lists what the region has."
  type        = string
  default     = "17.5"

  validation {
    condition     = try(tonumber(split(".", var.database_version)[0]), 0) >= 15
    error_message = "database_version must be 15 or newer."
  }
}

variable "database_instances" {
  description = "How many instances the cluster has; with two, one takes over when the other fails."
  type        = number
  default     = 2

  validation {
    condition     = var.database_instances >= 1 && var.database_instances <= 5
    error_message = "database_instances must be between 1 and 5."
  }
}

variable "database_capacity" {
  description = "Smallest and largest size of an instance, in Aurora capacity units (about 2 GiB each)."
  type        = object({ min = number, max = number })
  default     = { min = 1, max = 8 }

  validation {
    condition     = var.database_capacity.min >= 0.5 && var.database_capacity.max >= var.database_capacity.min
    error_message = "database_capacity must have min of 0.5 or more, and max not below min."
  }
}

variable "backup_days" {
  description = "For how many days back the database can be restored to any second."
  type        = number
  default     = 14

  validation {
    condition     = var.backup_days >= 7 && var.backup_days <= 35
    error_message = "backup_days must be between 7 and 35."
  }
}

variable "cache_node_type" {
  description = "Size of the Valkey nodes."
  type        = string
  default     = "cache.t4g.small"
}

variable "password_version" {
  description = "Raise by one to make new passwords of database and Valkey, then start every task anew."
  type        = number
  default     = 1
}

variable "secret_key_version" {
  description = "Raise by one for a new SECRET_KEY; read docs/security.md on SECRET_KEY_FALLBACKS before."
  type        = number
  default     = 1
}

variable "tasks" {
  description = "CPU units and MiB of each kind of task, and how many run at least and at most."
  type = object({
    web    = object({ cpu = number, memory = number, min = number, max = number })
    worker = object({ cpu = number, memory = number, min = number, max = number })
    beat   = object({ cpu = number, memory = number, min = number, max = number })
  })
  default = {
    web    = { cpu = 512, memory = 1024, min = 2, max = 6 }
    worker = { cpu = 512, memory = 2048, min = 1, max = 6 }
    # A second beat waits until the first is gone; one is enough, because ECS starts it again.
    beat = { cpu = 256, memory = 512, min = 1, max = 1 }
  }

  validation {
    condition     = alltrue([for task in values(var.tasks) : task.min >= 1 && task.max >= task.min])
    error_message = "tasks: min must be 1 or more, and max not below min."
  }
}

variable "settings" {
  description = "Further settings of Tracker that are no secrets, by the names in .env.example."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([
      for name in keys(var.settings) : !can(regex("SECRET|PASSWORD|TOKEN|_KEY|_DSN$|_HEADERS$|^(DATABASE|REDIS|EMAIL|IMAP|HEARTBEAT|SLACK_WEBHOOK|CELERY_BROKER)", name))
    ])
    error_message = "settings stand in clear in the task definitions; name this one in secret_arns instead."
  }
}

variable "secret_arns" {
  description = "Further settings that are secrets, such as EMAIL_URL: the ARN of a secret of Secrets Manager for each."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for arn in values(var.secret_arns) : can(regex("^arn:aws[a-z-]*:secretsmanager:", arn))])
    error_message = "secret_arns must be ARNs of secrets in Secrets Manager."
  }
}

variable "github_repository" {
  description = "The repository whose environment `production` may deploy, such as example/tracker; empty for none."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^([\\w.-]+/[\\w.-]+)?$", var.github_repository))
    error_message = "github_repository must look like example/tracker."
  }
}

variable "alarm_email" {
  description = "Who is told when an alarm goes off; empty for nobody."
  type        = string
  default     = ""
}

variable "log_days" {
  description = "For how many days logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([7, 14, 30, 60, 90, 180, 365], var.log_days)
    error_message = "log_days must be one of 7, 14, 30, 60, 90, 180, 365."
  }
}

variable "is_disposable" {
  description = "Whether `terraform destroy` may take the data along; on for trials only."
  type        = bool
  default     = false
}
