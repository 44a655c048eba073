#!/usr/bin/env bash
# Moves an installation made by these files to another image: migrations first, and only if they succeed the services.
#
#   CLUSTER=… MIGRATE_NETWORK=… ./deploy.sh REPOSITORY[:TAG|@DIGEST]
#
# CLUSTER and MIGRATE_NETWORK are outputs (cluster, migrate_network). Needs the AWS CLI and jq. Running it again is
# harmless, and an older image is a way back as long as docs/upgrading.md allows it.
set -euo pipefail

image=${1:?usage: deploy.sh IMAGE}
cluster=${CLUSTER:?is not set: terraform output -raw cluster}
network=${MIGRATE_NETWORK:?is not set: terraform output -raw migrate_network}

say() { printf '%s %s\n' "$(date -u +%H:%M:%S)" "$*"; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Registers the newest definition of a kind anew, with the image exchanged; prints its ARN.
register() {
    local definition
    definition=$(aws ecs describe-task-definition --task-definition "$cluster-$1" --query taskDefinition --output json)
    aws ecs register-task-definition --query taskDefinition.taskDefinitionArn --output text --cli-input-json "$(
        jq --arg image "$image" '.containerDefinitions[0].image = $image
            | del(.taskDefinitionArn, .revision, .status, .requiresAttributes, .compatibilities, .registeredAt,
                  .registeredBy, .deregisteredAt)' <<<"$definition"
    )"
}

migrate() {
    local definition task code
    definition=$(register migrate)
    task=$(aws ecs run-task --cluster "$cluster" --task-definition "$definition" --launch-type FARGATE \
        --network-configuration "$network" --started-by deploy --query 'tasks[0].taskArn' --output text)
    [[ $task == arn:* ]] || fail "the migration could not be started; nothing was changed"
    say "migrating: $task"
    aws ecs wait tasks-stopped --cluster "$cluster" --tasks "$task"
    code=$(aws ecs describe-tasks --cluster "$cluster" --tasks "$task" \
        --query 'tasks[0].containers[0].exitCode' --output text)
    [[ $code == 0 ]] || fail "the migration ended with $code; the services run on as they were. Log: /$cluster/migrate"
}

migrate
for service in worker beat web; do
    definition=$(register "$service")
    aws ecs update-service --cluster "$cluster" --service "$service" --task-definition "$definition" \
        --query service.serviceName --output text >/dev/null
    say "$service: $definition"
done
# A release that does not become healthy is taken back by the services themselves; then what runs is not what was asked.
aws ecs wait services-stable --cluster "$cluster" --services web worker beat
for service in web worker beat; do
    running=$(aws ecs describe-services --cluster "$cluster" --services "$service" \
        --query 'services[0].taskDefinition' --output text)
    found=$(aws ecs describe-task-definition --task-definition "$running" \
        --query 'taskDefinition.containerDefinitions[0].image' --output text)
    [[ $found == "$image" ]] || fail "$service went back to $found"
done
say "done: $image"
