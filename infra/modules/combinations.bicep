metadata description = 'Types and validation of parameters that depend on each other. A combination that Azure refuses, or that does not do what it says, fails before anything is deployed.'

@export()
@description('Names of resources. A name that is left out is made from namePrefix. Another name later is another resource.')
type resourceNames = {
  @description('Function app: letters, digits and hyphens.')
  @minLength(2)
  @maxLength(60)
  functionApp: string?

  @description('Plan of the function app.')
  @minLength(1)
  @maxLength(60)
  plan: string?

  @description('User-assigned identity.')
  @minLength(3)
  @maxLength(128)
  identity: string?

  @description('Storage account: lower-case letters and digits.')
  @minLength(3)
  @maxLength(24)
  storageAccount: string?

  @description('Vault: letters, digits and hyphens.')
  @minLength(3)
  @maxLength(24)
  vault: string?

  @description('Communication service: letters, digits and hyphens.')
  @minLength(1)
  @maxLength(63)
  communicationService: string?

  @description('Log Analytics workspace.')
  @minLength(4)
  @maxLength(63)
  workspace: string?

  @description('Application Insights component.')
  @minLength(1)
  @maxLength(260)
  applicationInsights: string?

  @description('Virtual network. Its network security groups have the same name with a suffix.')
  @minLength(2)
  @maxLength(64)
  virtualNetwork: string?
}

@export()
@description('Resource ids of private DNS zones, by what they resolve.')
type privateDnsZones = {
  @description('The zone privatelink.blob.<storage suffix>.')
  blob: string?

  @description('The zone privatelink.table.<storage suffix>.')
  table: string?

  @description('The zone privatelink.vaultcore.azure.net.')
  vault: string?

  @description('The zone privatelink.azurewebsites.net.')
  sites: string?
}

@export()
@description('Whose requests the functions accept: one Front Door profile, or one range of addresses.')
type allowedCaller = {
  @description('Id of a Front Door profile, which it sends as X-Azure-FDID.')
  @minLength(36)
  @maxLength(36)
  frontDoorId: string?

  @description('Address range in CIDR notation, such as the public address of API Management: 203.0.113.7/32.')
  addressRange: string?
}

@description('Whether a resource accepts connections from the internet.')
type networkAccess = 'Enabled' | 'Disabled'

@export()
@description('Redundancy of a storage account. automatic: Standard_ZRS for a new account; an existing account keeps its own.')
type storageRedundancy = 'automatic' | 'Standard_LRS' | 'Standard_ZRS' | 'Standard_GRS' | 'Standard_GZRS'

@description('Whether the text is the resource id of a resource of the type.')
func isResourceId(id string, type string) bool =>
  startsWith(toLower(id), '/subscriptions/') && length(split(id, '/')) == 7 + 2 * (length(split(type, '/')) - 1) && contains(
    toLower(id),
    toLower('/providers/${split(type, '/')[0]}/${split(type, '/')[1]}/')
  )

@export()
@description('Returns the redundancy. Fails the deployment when zoneRedundant needs another.')
func checkedStorageSku(sku string, zoneRedundant bool) string =>
  !zoneRedundant || endsWith(sku, 'ZRS')
    ? sku
    : fail('zoneRedundant needs a storageSku with zones, Standard_ZRS or Standard_GZRS, and not ${sku}')

@export()
@description('Returns publicNetworkAccess of the site. Fails the deployment when nobody could reach it, or when the restrictions would not apply.')
func checkedPublicAccess(publicAccess bool, privateNetworking bool, allowedCallers allowedCaller[]) networkAccess =>
  publicAccess
    ? 'Enabled'
    : !privateNetworking
        ? fail('publicAccess false needs privateNetworking true: the functions are then reached through a private endpoint')
        : !empty(allowedCallers)
            ? fail('allowedCallers needs publicAccess true: access restrictions do not apply to a private endpoint')
            : 'Disabled'

@export()
@description('Returns the callers. Fails the deployment unless each has one of frontDoorId and addressRange.')
func checkedCallers(allowedCallers allowedCaller[]) allowedCaller[] =>
  empty(filter(
      allowedCallers,
      caller =>
        empty(caller.?frontDoorId) == empty(caller.?addressRange) || (!empty(caller.?addressRange) && length(split(
          caller.?addressRange ?? '',
          '/'
        )) != 2)
    ))
    ? allowedCallers
    : fail('allowedCallers must each have either a frontDoorId or an addressRange in CIDR notation')

@export()
@description('Returns the subnet of the app, or an empty text when the deployment creates it. Fails the deployment when the subnets do not fit.')
func checkedAppSubnet(appSubnetId string, endpointSubnetId string, privateNetworking bool) string =>
  empty(appSubnetId) && empty(endpointSubnetId)
    ? ''
    : !privateNetworking
        ? fail('appSubnetId and endpointSubnetId need privateNetworking true')
        : empty(appSubnetId) || empty(endpointSubnetId)
            ? fail('appSubnetId and endpointSubnetId must be set together: the app and the private endpoints each need a subnet')
            : toLower(appSubnetId) == toLower(endpointSubnetId)
                ? fail('appSubnetId and endpointSubnetId must differ: a delegated subnet cannot have private endpoints')
                : isResourceId(appSubnetId, 'Microsoft.Network/virtualNetworks/subnets') && isResourceId(
                      endpointSubnetId,
                      'Microsoft.Network/virtualNetworks/subnets'
                    )
                    ? contains(last(split(appSubnetId, '/')), '_')
                        ? fail('appSubnetId must name a subnet without an underscore, which Flex Consumption does not accept')
                        : appSubnetId
                    : fail('appSubnetId and endpointSubnetId must be resource ids of subnets: /subscriptions/…/virtualNetworks/…/subnets/…')

@export()
@description('Returns the resource id of the private DNS zone, or an empty text. Fails the deployment when it is another zone, or when there is no private endpoint.')
func checkedZone(zoneId string?, namePart string, privateNetworking bool) string =>
  empty(zoneId)
    ? ''
    : !privateNetworking
        ? fail('privateDnsZoneIds needs privateNetworking true: without it there is no private endpoint')
        : isResourceId(zoneId!, 'Microsoft.Network/privateDnsZones') && contains(
              toLower(last(split(zoneId!, '/'))),
              namePart
            )
            ? zoneId!
            : fail('privateDnsZoneIds must be resource ids of private DNS zones, each of its own service: one with "${namePart}" in its name is needed, not ${zoneId}')

@export()
@description('Returns the resource id of the workspace, or an empty text when the deployment creates it.')
func checkedWorkspace(workspaceId string, logDailyCapGb int) string =>
  empty(workspaceId)
    ? ''
    : logDailyCapGb > 0
        ? fail('logDailyCapGb cannot be set with workspaceId: the cap belongs to the workspace, which others use too')
        : isResourceId(workspaceId, 'Microsoft.OperationalInsights/workspaces')
            ? workspaceId
            : fail('workspaceId must be the resource id of a Log Analytics workspace: /subscriptions/…/workspaces/…')

@export()
@description('Returns the locations. Fails the deployment when there are too few for an alert.')
func checkedTestLocations(locations string[]) string[] =>
  length(locations) == 1
    ? fail('availabilityTestLocations must be empty, or at least two: one location alone may have problems of its own')
    : locations
