# Two kinds of role: ECS takes the execution role to fetch image and secrets, the program itself has the task role.
# Each kind of task reads its own secrets and writes to its own log, and only web and worker touch files.

data "aws_iam_policy_document" "assumed_by_tasks" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_iam_role" "execution" {
  for_each = local.task_kinds

  name               = "${var.name}-${each.key}-execution"
  assume_role_policy = data.aws_iam_policy_document.assumed_by_tasks.json
}

data "aws_iam_policy_document" "execution" {
  for_each = local.task_kinds

  statement {
    sid       = "LogInToTheRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid       = "FetchTheImage"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [aws_ecr_repository.main.arn]
  }

  statement {
    sid       = "WriteTheLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.task[each.key].arn}:*"]
  }

  statement {
    sid       = "ReadItsSecrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = values(each.value.secrets)
  }

  statement {
    sid       = "OpenTheSeal"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.main.arn]
  }
}

resource "aws_iam_role_policy" "execution" {
  for_each = local.task_kinds

  name   = "fetch"
  role   = aws_iam_role.execution[each.key].id
  policy = data.aws_iam_policy_document.execution[each.key].json
}

# Without a policy a role may do nothing, which is what beat and migrate need.
resource "aws_iam_role" "task" {
  for_each = local.task_kinds

  name               = "${var.name}-${each.key}-task"
  assume_role_policy = data.aws_iam_policy_document.assumed_by_tasks.json
}

data "aws_iam_policy_document" "files_of_tasks" {
  statement {
    sid       = "FilesOfTracker"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = ["${aws_s3_bucket.files.arn}/attachments/*"]
  }

  # Without it a missing file is answered 403 instead of 404, and orphans cannot be listed.
  statement {
    sid       = "ListFiles"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.files.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["attachments/*"]
    }
  }

  statement {
    sid       = "SealFiles"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.main.arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${var.region}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "files" {
  for_each = toset(["web", "worker"])

  name   = "files"
  role   = aws_iam_role.task[each.key].id
  policy = data.aws_iam_policy_document.files_of_tasks.json
}
