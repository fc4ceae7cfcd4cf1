metadata description = 'The redundancy of a storage account that may exist already. Azure refuses a template that changes it to zones or back.'

@description('Name of the storage account.')
@minLength(3)
@maxLength(24)
param name string

@nullIfNotFound()
resource account 'Microsoft.Storage/storageAccounts@2026-04-01' existing = {
  name: name
}

@description('The redundancy of the account; Standard_ZRS when there is none yet.')
output sku string = account.?sku.name ?? 'Standard_ZRS'
