#!/usr/bin/env bash
# Moves an installation made by these files to another image: migrations first, and only if they succeed the services.
#
#   CLUSTER=… MIGRATE_NETWORK=… ./deploy.sh REPOSITORY[:TAG|@DIGEST] [--back]
#
# CLUSTER and MIGRATE_NETWORK are outputs (cluster, migrate_network). Needs the AWS CLI and jq. Running it again is
# harmless. --back: to the release before, which must be told that it may meet a newer database (docs/upgrading.md).
set -euo pipefail

image=${1:?usage: deploy.sh IMAGE [--back]}
prepare=(python manage.py prepare)
case ${2:-} in
    "") ;;
    --back) prepare+=(--allow-newer) ;;
    *) echo "error: $2 is not known; there is --back" >&2; exit 2 ;;
esac
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
    local definition overrides task code
    definition=$(register migrate)
    overrides=$(printf '%s\n' "${prepare[@]}" | jq -Rnc '{containerOverrides: [{name: "migrate", command: [inputs]}]}')
    task=$(aws ecs run-task --cluster "$cluster" --task-definition "$definition" --launch-type FARGATE \
        --network-configuration "$network" --overrides "$overrides" --started-by deploy --query 'tasks[0].taskArn' --output text)
    [[ $task == arn:* ]] || fail "the migration could not be started; nothing was changed"
    say "migrating: $task"
    aws ecs wait tasks-stopped --cluster "$cluster" --tasks "$task"
    code=$(aws ecs describe-tasks --cluster "$cluster" --tasks "$task" \
        --query 'tasks[0].containers[0].exitCode' --output text)
    [[ $code == 0 ]] || fail "the migration ended with $code; the services run on as they were. Log: /$cluster/migrate"
}

migrate
for service in beat worker web; do
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
