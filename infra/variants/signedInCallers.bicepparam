using '../main.bicep'

param acsDataLocation = 'United States'
param callerAuth = 'oidc'
param oidcIssuer = 'https://login.microsoftonline.com/8b7e9a52-9c1f-4c57-9b0e-5b6f0f3c2d11/v2.0'
param oidcAudience = '2f6f1c1e-7f0a-4f4e-8e55-6f0b3a1d9c20'
param oidcRequiredScope = ['Tokens.Issue']
param oidcSubjectClaim = 'oid'
param corsOrigins = ['https://app.example.com']
