using '../main.bicep'

// After a rotation.

param acsDataLocation = 'Europe'
param activeKey = 'secondary'
param secretName = 'communication'
param secretTtlSeconds = 60
