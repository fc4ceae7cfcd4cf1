# The service on the public base image of Azure Functions. This project's CI does not build it, and it was never
# run: treat it as a starting point. docs/deploy.md#in-a-container has the commands and the settings.
#
# Run `npm run build` first. The image holds the same five files that every deployment publishes.
FROM mcr.microsoft.com/azure-functions/node:4-node24

ENV AzureWebJobsScriptRoot=/home/site/wwwroot \
    AzureFunctionsJobHost__Logging__Console__IsEnabled=true

COPY host.json openapi.json package.json /home/site/wwwroot/
COPY dist/main.cjs dist/telemetry.cjs /home/site/wwwroot/dist/
