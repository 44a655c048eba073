# Who may speak to whom: the world to the balancer, the balancer to web, tasks to database and Valkey, and outwards.

resource "aws_security_group" "balancer" {
  name_prefix = "${var.name}-balancer-"
  description = "The load balancer: from the world, to web alone."
  vpc_id      = aws_vpc.main.id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  for_each = {
    for pair in setproduct(var.allowed_cidrs, [80, 443]) : "${pair[0]}-${pair[1]}" => { cidr = pair[0], port = pair[1] }
  }

  security_group_id = aws_security_group.balancer.id
  description       = "People and machines"
  cidr_ipv4         = each.value.cidr
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
}

resource "aws_vpc_security_group_egress_rule" "balancer_to_web" {
  security_group_id            = aws_security_group.balancer.id
  description                  = "Requests and health checks"
  referenced_security_group_id = aws_security_group.task["web"].id
  ip_protocol                  = "tcp"
  from_port                    = local.web_port
  to_port                      = local.web_port
}

resource "aws_security_group" "task" {
  for_each = local.task_names

  name_prefix = "${var.name}-${each.key}-"
  description = "Tasks of the kind ${each.key}."
  vpc_id      = aws_vpc.main.id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "web_from_balancer" {
  security_group_id            = aws_security_group.task["web"].id
  description                  = "Requests and health checks"
  referenced_security_group_id = aws_security_group.balancer.id
  ip_protocol                  = "tcp"
  from_port                    = local.web_port
  to_port                      = local.web_port
}

# Images, secrets and logs come and go by HTTPS from every task.
resource "aws_vpc_security_group_egress_rule" "task_https" {
  for_each = aws_security_group.task

  security_group_id = each.value.id
  description       = "AWS, webhooks, single sign-on"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

# 465 and 587 hand letters over, 993 fetches mail.
resource "aws_vpc_security_group_egress_rule" "worker_mail" {
  for_each = toset(["465", "587", "993"])

  security_group_id = aws_security_group.task["worker"].id
  description       = "Mail"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)
}

resource "aws_vpc_security_group_egress_rule" "task_database" {
  for_each = aws_security_group.task

  security_group_id            = each.value.id
  description                  = "PostgreSQL"
  referenced_security_group_id = aws_security_group.database.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_vpc_security_group_egress_rule" "task_cache" {
  for_each = aws_security_group.task

  security_group_id            = each.value.id
  description                  = "Valkey"
  referenced_security_group_id = aws_security_group.cache.id
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}

resource "aws_security_group" "database" {
  name_prefix = "${var.name}-database-"
  description = "PostgreSQL: from tasks alone, to nowhere."
  vpc_id      = aws_vpc.main.id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  for_each = aws_security_group.task

  security_group_id            = aws_security_group.database.id
  description                  = "From ${each.key}"
  referenced_security_group_id = each.value.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_security_group" "cache" {
  name_prefix = "${var.name}-cache-"
  description = "Valkey: from tasks alone, to nowhere."
  vpc_id      = aws_vpc.main.id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "cache" {
  for_each = aws_security_group.task

  security_group_id            = aws_security_group.cache.id
  description                  = "From ${each.key}"
  referenced_security_group_id = each.value.id
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}
